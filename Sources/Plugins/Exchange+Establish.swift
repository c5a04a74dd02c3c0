import PluginAPI

extension Exchange {
    /// Writes a fact, or takes back what a plugin before has written: mostly that is nothing, and costs
    /// nothing.
    @inline(__always)
    func establish<Value>(_ fact: Fact<Value>, _ value: Value?) {
        if value != nil || self[fact] != nil { self[fact] = value }
    }
}
