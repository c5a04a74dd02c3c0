import PluginAPI

struct RouteSettings: SettingsObject {
    @Setting(
        "name", "By which logs and metrics name the route; its path when absent.", count: 1...)
    var name: String?
    @Setting("host", "The host or hosts it takes, without port; every host when absent.")
    var host: OneOrList<HostName>?
    @Setting("methods", "The methods it takes; every method when absent.", count: 1...)
    private var givenMethods: [MethodName]?
    @Setting("path", "The path it takes: exact, or a prefix that ends in /*.")
    var path: RoutePath = .prefix("/")
    @Setting("upstream", "The name of the upstream that answers.") var upstream: String?
    @Setting("plugins", "What follows the top-level plugins in this route's chain.")
    var plugins: [Deferred<PluginEntrySettings>] = []
    @Setting("rewrite", "How the path changes on its way to the upstream.")
    var rewrite: RewriteSettings = RewriteSettings()

    /// Empty for every method.
    var methods: [MethodName] { givenMethods ?? [] }
}

struct RewriteSettings: SettingsObject {
    @Setting("stripPrefix", "Taken away from the front of the path, where it stands there.")
    var stripPrefix: PathPrefix?
    @Setting("addPrefix", "Put in front of the path, after stripPrefix.") var addPrefix: PathPrefix?

    var checked: RewriteConfiguration {
        RewriteConfiguration(
            stripPrefix: stripPrefix?.text ?? "", addPrefix: addPrefix?.text ?? "")
    }
}
