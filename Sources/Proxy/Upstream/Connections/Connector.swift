import CCurl
import Glibc

/// The multi handle in which connections are made. Those of TLS stay in it for as long as they live,
/// because taking one out closes it.
///
/// Sockets are watched level-triggered while libcurl works on them, as it wants it; a connection that
/// is made is watched by its owner.
final class Connector: EventHandler, CurlDriverUser {
    private var driver: CurlDriver!
    private let loop: EventLoop
    /// By descriptor: the sockets that libcurl works on.
    private var wanted: ContiguousArray<Events> = []

    init(loop: EventLoop) {
        self.loop = loop
        driver = CurlDriver(self, loop)
    }

    deinit { driver.end() }

    // MARK: - From the owner, never from inside a callback of libcurl

    func add(_ easy: UnsafeMutableRawPointer) { curl_multi_add_handle(driver.multi, easy) }

    /// Ends what the handle is doing, and closes its connection.
    func remove(_ easy: UnsafeMutableRawPointer) { curl_multi_remove_handle(driver.multi, easy) }

    var isDue: Bool { driver.isDue }

    func actIfDue() { driver.actIfDue() }

    // MARK: - Events

    func ready(_ descriptor: Int32, _ events: Events) {
        let wanted = wanted[Int(descriptor)]
        var mask: Int32 = 0
        if events.contains(.readable), wanted.contains(.readable) { mask |= CURL_CSELECT_IN }
        if events.contains(.writable), wanted.contains(.writable) { mask |= CURL_CSELECT_OUT }
        if !events.isDisjoint(with: .failed) { mask |= CURL_CSELECT_ERR }
        driver.act(descriptor, mask)
    }

    // MARK: - libcurl's callbacks

    func watch(_ descriptor: Int32, _ what: Int32, _ easy: UnsafeMutableRawPointer?) {
        let index = Int(descriptor)
        while wanted.count <= index { wanted.append([]) }
        let events: Events =
            switch what {
            case CURL_POLL_IN: .readable
            case CURL_POLL_OUT: .writable
            case CURL_POLL_INOUT: [.readable, .writable]
            default: []
            }
        switch (wanted[index].isEmpty, events.isEmpty) {
        case (true, true): break
        case (true, false): loop.register(descriptor, events, self)
        case (false, false): loop.modify(descriptor, events)
        case (false, true): loop.unregister(descriptor)
        }
        wanted[index] = events
    }

    func finished(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
        ConnectHandle.of(easy).finished(code)
    }

    /// libcurl closes a socket. Nobody may be watching it then: a copy of it may live on, and the
    /// kernel watches what is behind the number.
    func closing(_ descriptor: Int32) -> Int32 {
        let index = Int(descriptor)
        if index < wanted.count, !wanted[index].isEmpty {
            loop.unregister(descriptor)
            wanted[index] = []
        }
        return close(descriptor)
    }
}
