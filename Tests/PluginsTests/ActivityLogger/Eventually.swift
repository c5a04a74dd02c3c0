import Testing

/// Waits for what another thread does and tells nobody of.
func eventually(
    within limit: Duration = .seconds(20), _ condition: () -> Bool,
    at place: SourceLocation = #_sourceLocation
) async {
    let deadline = ContinuousClock.now + limit
    while !condition(), ContinuousClock.now < deadline {
        try? await Task.sleep(for: .milliseconds(1))
    }
    #expect(condition(), sourceLocation: place)
}
