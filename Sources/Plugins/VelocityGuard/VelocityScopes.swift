import Synchronization

/// A scope for each upstream that a request has been meant for. They are few, because upstreams come
/// from the configuration.
///
/// A list that is only ever added to at its end, so that finding one takes no lock.
final class VelocityScopes: Sendable, Sequence {
    private final class Node: Sendable {
        let scope: VelocityScope
        let next = AtomicLazyReference<Node>()

        init(_ scope: VelocityScope) { self.scope = scope }
    }

    private let first = AtomicLazyReference<Node>()

    /// Made when it does not exist yet.
    func scope(of upstream: String) -> VelocityScope {
        var node =
            first.load() ?? first.storeIfNil(Node(VelocityScope(upstream: upstream)))
        while node.scope.upstream != upstream {
            // Of several that add at a time one succeeds, and all go on from its node.
            node = node.next.load() ?? node.next.storeIfNil(Node(VelocityScope(upstream: upstream)))
        }
        return node.scope
    }

    func makeIterator() -> AnyIterator<VelocityScope> {
        var node = first.load()
        return AnyIterator {
            defer { node = node?.next.load() }
            return node?.scope
        }
    }
}
