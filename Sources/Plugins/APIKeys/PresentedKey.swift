import PluginAPI

/// What a request shows as its key.
enum PresentedKey {
    case missing
    /// Valid as long as the request's head.
    case key(Bytes)
    /// A field that stands twice, or fields that disagree: which one is meant is not guessed, because
    /// an upstream or a plugin might guess otherwise.
    case ambiguous
    /// Authorization by another scheme than Bearer.
    case otherScheme
}
