import PluginAPI

extension TargetAddress {
    /// The value of `--admin`: a URL, or an address without a scheme, as plugins.json has it.
    package init(admin text: String) throws(CommandLineError) {
        let url = text.contains("://") || text.hasPrefix("unix:") ? text : "http://" + text
        do throws(ConfigurationError) {
            try self.init(setting: ConfigurationValue(.string(url)))
        } catch {
            throw CommandLineError(
                "--admin: expected an address such as http://127.0.0.1:9901 or unix:/path,"
                    + " found \(JSONValue.string(text).abbreviated)")
        }
    }
}
