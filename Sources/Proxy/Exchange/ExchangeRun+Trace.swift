import PluginAPI

/// Explaining an exchange to who asks for it by `x-sluice-explain` and may.
extension ExchangeRun {
    /// The field is there. Whoever brings the admin token has shown that it may; whether the peer is trusted
    /// is known only when a plugin has said so, and until then it may be.
    func prepareTrace() {
        if let token = service.generation.settings.adminToken,
            let given = exchange.request.headers.first(.xSluiceExplain)?.string,
            AdminAccess.isEqual(given, token)
        {
            trace = Trace()
        } else if route.chain.trustPlace != nil {
            trace = Trace()
            traceIsProvisional = true
        }
    }

    /// The plugin that tells whom to trust has run.
    func settleTrace(after place: Int) {
        guard place == route.chain.trustPlace else { return }
        traceIsProvisional = false
        if exchange[Facts.peerIsTrusted] != true { trace = nil }
    }
}
