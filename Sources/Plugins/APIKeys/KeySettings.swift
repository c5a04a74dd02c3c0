import PluginAPI

/// One key as plugins.json has it.
struct KeySettings: SettingsObject {
    @Setting(
        "hash", "The key's SHA-256 hash, as `printf %s KEY | sha256sum` prints it.", secret: true)
    var hash: KeyHash

    @Setting("identity", "Whose key it is; several keys may have one identity.")
    var identity: KeyName

    @Setting("tier", "The class of service, for limiters to refer to.")
    var tier: KeyName?

    @Setting("limits", "Limits of the identity's own, in place of a limiter's.", count: 1...)
    var limits: [Rate]?

    @Setting(
        "models", "The models that may be asked for; `*` stands for any characters.", count: 1...)
    var models: [Glob]?

    @Setting("routes", "The names of the routes that may be used.", count: 1...)
    var routes: [String]?

    @Setting("expires", "From when on the key is refused.")
    var expires: WallTime?

    init() {}

    var grant: KeyGrant {
        KeyGrant(
            identity: identity.text,
            terms: KeyTerms(
                tier: tier?.text, limits: limits, models: models, routes: routes, expires: expires))
    }
}
