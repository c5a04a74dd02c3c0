import PluginAPI

/// How long is waited between attempts: twice as long after each, up to a bound, and each time a random
/// part of it, so that the connections that one server's end has broken do not all come back together.
package struct ReconnectDelay: Sendable {
    package let first: Duration
    package let maximum: Duration
    private var attempts = 0

    package init(first: Duration = .milliseconds(50), maximum: Duration = .seconds(2)) {
        precondition(first > .zero && first <= maximum, "a delay from above zero to the bound")
        self.first = first
        self.maximum = maximum
    }

    /// The next delay: between half and all of what the number of attempts makes it.
    mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        // Any shift past the bound is as good as another; this one cannot overflow.
        let doubled = first.nanoseconds << min(Int64(attempts), 20)
        let whole =
            doubled >= first.nanoseconds ? min(doubled, maximum.nanoseconds) : maximum.nanoseconds
        attempts += 1
        return .nanoseconds(Int64.random(in: whole / 2...whole, using: &random))
    }

    mutating func reset() { attempts = 0 }
}
