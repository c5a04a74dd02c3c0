import Glibc
import PluginAPI

/// Signals that one thread waits for instead of being interrupted by them.
struct SignalSet {
    private var set = sigset_t()

    init(_ signals: [Int32]) {
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
    }

    /// For this thread and those that it makes from now on.
    func block() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    func wait() -> Int32 {
        var set = set
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        return signal
    }

    /// The next SIGTERM or SIGINT ends the process at once.
    func exitOnNext(_ log: Log, _ writer: LogWriter) {
        let set = self
        WorkerThread.start(name: "signals") {
            while true {
                guard set.wait() != SIGHUP else { continue }
                log(.warning, "stopped by a second signal, without waiting for what is in flight")
                writer.flush()
                exit(1)
            }
        }
    }
}
