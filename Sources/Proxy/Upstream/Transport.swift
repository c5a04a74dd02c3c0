import PluginAPI

/// How requests reach an upstream: the seam between exchanges and the ways of sending them.
///
/// A transport belongs to one event loop; all calls in both directions are on its thread. One
/// test-suite, written against these protocols, holds for every implementation.
package protocol Transport: AnyObject {
    /// Sends a request. The receiver hears nothing before this returns.
    func start(_ outgoing: OutgoingRequest, to target: Target, _ receiver: any TransferReceiver)
        -> any Transfer

    /// Closes the connections to a target that is no longer configured, when they are idle.
    func retire(_ target: Target)
}

/// A request on its way and its answer on the way back.
package protocol Transfer: AnyObject {
    /// There are body bytes to take again, or the body has ended.
    func bodyAvailable()
    /// The receiver has room again, after it had none.
    func resume()
    /// Ends the transfer. The receiver hears nothing of it any more; no request bytes are read any more.
    func cancel()
}

/// Who a transfer tells how it goes: a head, then bytes, then one end; or a failure at any point.
package protocol TransferReceiver: AnyObject {
    /// Where the head of the answer is put before `transferHead`.
    var incoming: Response { get }

    /// What follows the body; complete when the body has ended.
    var requestTrailers: Headers { get }

    /// Moves body bytes into `space`.
    func takeBody(into space: UnsafeMutableRawBufferPointer) -> BodySupply

    /// There is a connection, and the request is being written to it.
    func transferConnected()

    /// An informational answer (1xx but 101) is in `incoming`.
    func transferInformational()

    /// The head of the answer is in `incoming`.
    func transferHead()

    /// - Returns: whether there was room for the bytes. If not, they are offered again after `resume`.
    func transferBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool

    /// The answer is whole.
    func transferEnded(trailers: Headers?)

    func transferFailed(_ error: TransferError)
}

package enum BodySupply {
    case bytes(Int)
    /// None now; `bodyAvailable` will be called.
    case later
    case ended
    /// The body will never be whole, so the request must not seem to be.
    case broken
}

/// What is sent. Its memory must stay as it is until the transfer ends.
package struct OutgoingRequest {
    /// The head, with what is not to be forwarded already taken out. Its target is asked for as it is.
    package let request: Request
    package let body: Body

    package enum Body {
        case none
        /// All of it is there.
        case whole(UnsafeBufferPointer<UInt8>)
        /// It is taken from the receiver as it comes; the length is nil when it is not known.
        case stream(length: Int?)
    }

    package init(request: Request, body: Body) {
        self.request = request
        self.body = body
    }
}

/// Why there is no answer, or no whole one.
package struct TransferError: Error {
    package let kind: Kind
    /// For a person: what the system or the library said.
    package let detail: String

    package enum Kind {
        /// There is no connection: nothing was sent, another target may be tried.
        case unreachable
        /// The same, because connecting took too long.
        case connectTimeout
        /// The connection broke or what came is no HTTP.
        case broken
    }

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
