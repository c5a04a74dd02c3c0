import PluginAPI

/// A key that has been read, and where it stands.
struct KeyRecord {
    enum Place {
        /// An element of the setting `keys`.
        case element(Int)
        /// A line of the file, counted from 1.
        case line(Int)
    }

    let digest: SHA256
    let grant: KeyGrant
    let place: Place
}
