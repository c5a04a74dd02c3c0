import Glibc

extension Setup {
    /// The content of a file that the configuration names. For `init`: it blocks.
    /// - Parameters:
    ///   - path: as written; a relative one is meant against `folder`.
    ///   - setting: the key that names it, which errors point to.
    ///   - limit: the largest content, in bytes, that makes sense.
    /// - Throws: `ConfigurationError`: it cannot be read, or is larger.
    public func contents(of path: String, setting: String, limit: Int = 64 << 20)
        throws(ConfigurationError) -> [UInt8]
    {
        func failure(_ reason: String) -> ConfigurationError {
            ConfigurationError(
                setting: setting, expected: "a readable file",
                found: "\(JSONValue.string(path).abbreviated): \(reason)")
        }
        guard let file = fopen(self.path(path), "re") else {
            throw failure(String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let piece = [UInt8](unsafeUninitializedCapacity: 1 << 16) { piece, count in
                count = fread(piece.baseAddress, 1, piece.count, file)
            }
            if piece.isEmpty {
                guard ferror(file) == 0 else { throw failure(String(cString: strerror(errno))) }
                return bytes
            }
            bytes += piece
        }
        throw failure("larger than \(limit) bytes")
    }

    /// The settings that stand in a file of their own, written as plugins.json is and checked alike: each
    /// error names that file, its line and its column. For `init`: it blocks.
    /// - Parameters:
    ///   - path: as written; a relative one is meant against `folder`.
    ///   - setting: the key that names the file.
    /// - Throws: `ConfigurationError` with everything that is wrong with it.
    public func settings<Settings: SettingsObject>(
        _ type: Settings.Type = Settings.self, from path: String, setting: String
    ) throws(ConfigurationError) -> Settings {
        let bytes = try contents(of: path, setting: setting, limit: JSONReader.sizeLimit)
        let name = self.path(path)
        let read = JSONReader.read(bytes)
        guard let root = read.value, read.issues.isEmpty else {
            throw ConfigurationError(read.issues).inFile(name)
        }
        do throws(ConfigurationError) {
            let settings = try Settings(setting: root)
            return settings
        } catch {
            throw error.located(in: root).inFile(name)
        }
    }
}
