import CCurl
import PluginAPI

/// A libcurl multi handle, made to go by the loop: its timer, and the calls in which it works.
///
/// libcurl asks for its sockets to be watched and for a timer, in callbacks; it must not be called
/// from inside a callback, which is the user's duty.
final class CurlDriver: TimerTarget {
    let multi: UnsafeMutableRawPointer
    private unowned(unsafe) let user: any CurlDriverUser
    private let loop: EventLoop
    private var timer: LoopTimer!
    /// Whether libcurl wants to be called for its time.
    private(set) var isDue = false

    /// - Parameter user: outlives it.
    init(_ user: any CurlDriverUser, _ loop: EventLoop) {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        multi = curl_multi_init()
        self.user = user
        self.loop = loop
        timer = LoopTimer(self)
        let me = Unmanaged.passUnretained(self).toOpaque()
        sluice_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me)
        sluice_multi_set_socket_function(multi) { easy, descriptor, what, me, _ in
            me!.curlDriver.user.watch(descriptor, what, easy)
            return 0
        }
        sluice_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me)
        sluice_multi_set_timer_function(multi) { _, milliseconds, me in
            me!.curlDriver.setTimeout(milliseconds)
            return 0
        }
        // How many connections there may be is decided per upstream; libcurl only must not close idle
        // ones because of a smaller idea of its own.
        sluice_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 100_000)
    }

    /// Ends all connections. The last call.
    func end() {
        loop.timers.cancel(timer)
        curl_multi_cleanup(multi)
    }

    private func setTimeout(_ milliseconds: Int) {
        if milliseconds < 0 {
            isDue = false
            loop.timers.cancel(timer)
        } else if milliseconds == 0 {
            isDue = true
        } else {
            loop.timers.set(timer, at: loop.now + .milliseconds(milliseconds))
        }
    }

    func timerFired(_ timer: LoopTimer) { isDue = true }

    /// Lets libcurl work for as long as its time has come, within bounds.
    func actIfDue() {
        var rounds = 0
        while isDue, rounds < 4 {
            isDue = false
            act(CURL_SOCKET_TIMEOUT, 0)
            rounds += 1
        }
    }

    /// Lets libcurl work on a socket, and tells the user what has ended.
    func act(_ descriptor: Int32, _ mask: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, descriptor, mask, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else {
                continue
            }
            user.finished(easy, message.pointee.data.result)
        }
    }
}

/// Whose handles a driver makes to go.
protocol CurlDriverUser: AnyObject {
    /// A socket is to be watched, or not any more. libcurl must not be called from here.
    func watch(_ descriptor: Int32, _ what: Int32, _ easy: UnsafeMutableRawPointer?)
    /// libcurl is done with a handle, which is still in the multi handle.
    func finished(_ easy: UnsafeMutableRawPointer, _ code: CURLcode)
}

extension UnsafeMutableRawPointer {
    /// The driver, as libcurl's callbacks bring it. It outlives the multi handle.
    fileprivate var curlDriver: CurlDriver {
        Unmanaged<CurlDriver>.fromOpaque(self).takeUnretainedValue()
    }
}
