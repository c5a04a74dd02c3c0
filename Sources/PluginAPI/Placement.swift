/// Where in plugins.json a plugin has to stand, beyond what its facts tell. `sluice check` warns of
/// other places.
public struct Placement: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Among the top-level plugins, because it is meant for every request, as a log is. In a route it sees
    /// nothing of other routes, of what no route takes, and of what is malformed.
    public static let everyRequest = Placement(rawValue: 1)

    /// Behind those that read whole bodies (`WholeRequestPhase`), because it holds something until a request
    /// has ended, such as a place. Before them a client that sends slowly holds it too.
    public static let behindWholeBodies = Placement(rawValue: 2)
}
