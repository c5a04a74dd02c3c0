import Glibc

/// A `JSONShape` as tables through which a scanner finds its way by numbers.
///
/// It is made once and stays for the process's life.
final class JSONPaths<Field: Sendable>: Sendable {
    /// A place in the shape.
    struct Node: Sendable {
        /// The place whose value this one is in; `nowhere` for the root.
        fileprivate(set) var parent: UInt8 = 0
        fileprivate(set) var field: Field?
        fileprivate(set) var scalars = JSONShape<Field>.Scalars.ignored
        fileprivate(set) var hasMembers = false
        /// The place of a list's elements; `nowhere` where no list is wanted.
        fileprivate(set) var element: UInt8 = 0
        /// The bits of the wanted members' names: most others are told apart by them alone.
        fileprivate var filter: UInt64 = 0
        fileprivate var firstName: Int32 = 0
        fileprivate var nameCount: Int32 = 0
    }

    fileprivate struct Name: Sendable {
        /// The first eight bytes, the first one lowest, filled up with zeros.
        let start: UInt64
        let count: Int
        /// Where the rest begins in `rests`.
        let rest: Int
        let node: UInt8
    }

    /// The place of everything that is not wanted.
    static var nowhere: UInt8 { 0 }
    /// The place of the text's outermost value.
    static var root: UInt8 { 1 }

    // Invariant: written by `init` only, and never freed; every number of a node is below their count.
    nonisolated(unsafe) let nodes: UnsafePointer<Node>
    nonisolated(unsafe) private let names: UnsafePointer<Name>
    nonisolated(unsafe) private let rests: UnsafePointer<UInt8>

    /// - Precondition: it has fewer than 255 places, and none is both an object and a list.
    init(_ shape: JSONShape<Field>) {
        var builder = Builder()
        builder.nodes.append(Node())
        builder.add(shape, parent: Self.nowhere)
        nodes = Self.immortal(builder.nodes)
        names = Self.immortal(builder.names)
        rests = Self.immortal(builder.rests + [0])
    }

    private static func immortal<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: elements.count + 1)
        memory.initialize(from: elements, count: elements.count)
        return UnsafePointer(memory)
    }

    /// The place of a member.
    /// - Parameters:
    ///   - start: the first eight bytes of its name, as `Name.start`.
    ///   - name: all of it.
    @inline(__always)
    func member(of node: UInt8, start: UInt64, name: UnsafePointer<UInt8>, count: Int) -> UInt8 {
        let node = nodes + Int(node)
        guard node.pointee.filter & Self.bit(start, count) != 0 else { return Self.nowhere }
        return search(node, start, name, count)
    }

    /// One of 64 for a name.
    @inline(__always)
    private static func bit(_ start: UInt64, _ count: Int) -> UInt64 {
        1 << ((start ^ UInt64(truncatingIfNeeded: count &* 5)) & 63)
    }

    private func search(
        _ node: UnsafePointer<Node>, _ start: UInt64, _ name: UnsafePointer<UInt8>, _ count: Int
    ) -> UInt8 {
        let first = names + Int(node.pointee.firstName)
        var candidate = first
        let end = first + Int(node.pointee.nameCount)
        while candidate < end {
            defer { candidate += 1 }
            guard candidate.pointee.start == start, candidate.pointee.count == count else {
                continue
            }
            if count <= 8 || memcmp(name + 8, rests + candidate.pointee.rest, count - 8) == 0 {
                return candidate.pointee.node
            }
        }
        return Self.nowhere
    }

    private struct Builder {
        var nodes: [Node] = []
        var names: [Name] = []
        var rests: [UInt8] = []

        @discardableResult
        mutating func add(_ shape: JSONShape<Field>, parent: UInt8) -> UInt8 {
            precondition(nodes.count < 255, "too many places")
            precondition(shape.members.isEmpty || shape.element.isEmpty, "an object and a list")
            let number = UInt8(nodes.count)
            var node = Node()
            node.parent = parent
            node.field = shape.field
            node.scalars = shape.scalars
            node.hasMembers = !shape.members.isEmpty
            nodes.append(node)
            var added: [Name] = []
            for (name, member) in shape.members {
                let bytes = Array(name.utf8)
                let start = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
                let place = add(member, parent: number)
                added.append(
                    Name(start: start, count: bytes.count, rest: rests.count, node: place))
                rests += bytes.dropFirst(8)
                node.filter |= JSONPaths.bit(start, bytes.count)
            }
            node.firstName = Int32(names.count)
            node.nameCount = Int32(added.count)
            names += added
            if let element = shape.element.first { node.element = add(element, parent: number) }
            nodes[Int(number)] = node
            return number
        }
    }
}
