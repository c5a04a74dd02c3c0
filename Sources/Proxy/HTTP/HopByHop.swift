import PluginAPI

/// The fields that concern one connection, and end at each proxy (RFC 9110 §7.6.1).
package enum HopByHop {
    /// Removes them, and those that Connection names.
    package static func remove(from headers: Headers) {}
}
