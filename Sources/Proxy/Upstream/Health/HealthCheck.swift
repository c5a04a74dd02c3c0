import PluginAPI

/// Asks one target, again and again, whether it is well: over the transport that requests take, and beside
/// all of them. It belongs to one loop.
final class HealthCheck: TransferReceiver, TimerTarget {
    let incoming = Response()
    let requestTrailers = Headers()

    private let upstream: Upstream
    private let target: Target
    private let settings: ActiveHealthConfiguration
    private let loop: EventLoop
    private let transport: any Transport
    private let request: Request
    private var timer: LoopTimer!
    /// The check that is under way.
    private var transfer: (any Transfer)?
    private var began = MonotonicTime(nanoseconds: 0)
    private var status = 0

    /// - Parameter delay: before the first check, so that not all targets are asked at once.
    init(
        of target: Target, in upstream: Upstream, _ settings: ActiveHealthConfiguration,
        after delay: Duration, _ loop: EventLoop, _ transport: any Transport
    ) {
        self.upstream = upstream
        self.target = target
        self.settings = settings
        self.loop = loop
        self.transport = transport
        request = Self.request(for: target, in: upstream, settings)
        timer = LoopTimer(self)
        loop.timers.set(timer, at: loop.now + delay)
    }

    deinit { loop.timers.cancel(timer) }

    /// Those of all targets that a configuration wants checked.
    static func all(
        of upstreams: [Upstream], _ loop: EventLoop, _ transport: any Transport
    ) -> [HealthCheck] {
        upstreams.flatMap { upstream -> [HealthCheck] in
            guard let settings = upstream.healthSettings.active else { return [] }
            let step = settings.interval / upstream.targets.count
            return upstream.targets.enumerated().map { number, target in
                HealthCheck(
                    of: target, in: upstream, settings, after: step * number, loop, transport)
            }
        }
    }

    /// Ends it, on the loop's thread.
    func cancel() {
        loop.timers.cancel(timer)
        transfer?.cancel()
        transfer = nil
    }

    private static func request(
        for target: Target, in upstream: Upstream, _ settings: ActiveHealthConfiguration
    ) -> Request {
        let request = Request()
        var parser = RequestParser()
        // The path and the authority were checked when the file was read.
        let head =
            "GET \(settings.path) HTTP/1.1\r\nhost: \(target.authority)\r\nuser-agent: sluice-health-check\r\n\r\n"
        let result = Array(head.utf8).withUnsafeBufferPointer {
            parser.parse($0, into: request, limits: HeadLimits())
        }
        guard case .head = result else { preconditionFailure("no valid check: \(head)") }
        for (name, value) in upstream.headers { request.headers.set(name, to: value) }
        for (name, value) in settings.headers {
            // Checked when the file was read.
            if let name = HeaderName(name) { request.headers.set(name, to: value) }
        }
        return request
    }

    // MARK: - The timer

    func timerFired(_ timer: LoopTimer) {
        if let transfer {
            transfer.cancel()
            ended("no whole answer within \(settings.timeout.seconds) s")
        } else {
            begin()
        }
    }

    private func begin() {
        began = loop.now
        status = 0
        incoming.reset()
        transfer = transport.start(
            OutgoingRequest(request: request, body: .none), to: target, self)
        loop.timers.set(timer, at: began + settings.timeout)
    }

    private func ended(_ failure: String?) {
        transfer = nil
        upstream.health.checked(target.address, failure: failure, at: loop.now)
        loop.timers.set(timer, at: max(began + settings.interval, loop.now))
    }

    // MARK: - What the transfer tells

    func takeBody(into space: UnsafeMutableRawBufferPointer) -> BodySupply { .ended }
    func transferConnected() {}
    func transferInformational() { incoming.reset() }
    func transferHead() { status = incoming.status }
    func transferBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { true }

    func transferEnded(trailers: Headers?) {
        ended(settings.statuses.contains(status) ? nil : "status \(status)")
    }

    func transferFailed(_ error: TransferError) { ended(error.detail) }
}
