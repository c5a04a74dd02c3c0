import CSystem
import Glibc

/// A named thread that runs one closure.
package enum WorkerThread {
    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    package static func start(name: String, _ body: sending @escaping () -> Void) {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Body(body)).toOpaque()
        let result = pthread_create(&thread, nil, threadMain, argument)
        precondition(result == 0, "no thread can be made: \(String(cString: strerror(result)))")
        sluice_name_thread(thread, name)
        pthread_detach(thread)
    }

    private static let threadMain:
        @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
            Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }
}
