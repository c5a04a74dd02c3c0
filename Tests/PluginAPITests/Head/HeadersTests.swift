import PluginAPI
import Testing

@Suite("The fields of a message")
struct HeadersTests {
    private func headers(_ fields: (HeaderName, String)...) -> Headers {
        let headers = Headers()
        for (name, value) in fields { headers.append(name, value) }
        return headers
    }

    private func lines(_ headers: Headers) -> [String] {
        var lines: [String] = []
        headers.forEach { lines.append("\($0): \($1)") }
        return lines
    }

    @Test("names are found in any case, the first value first")
    func lookup() {
        let headers = headers(("A", "1"), ("B", "2"), ("a", "3"), ("AA", "4"))
        #expect(headers["a"]! == "1")
        #expect(headers["aA"]! == "4")
        #expect(headers["c"] == nil)
        #expect(headers.values(of: "A").map(\.string) == ["1", "3"])
        #expect(headers.values(of: "c").isEmpty)
        #expect(headers.contains("b"))
        #expect(!headers.contains("bb"))
        #expect(headers.count == 4)
    }

    @Test("a set field has one value, where the first one stood")
    func set() {
        let headers = headers(("A", "1"), ("B", "2"), ("a", "3"), ("C", "4"), ("A", "5"))
        headers.set("a", to: "new")
        #expect(lines(headers) == ["A: new", "B: 2", "C: 4"])
        headers.set("d", to: "added")
        #expect(lines(headers) == ["A: new", "B: 2", "C: 4", "d: added"])
        headers.set("D", to: "")
        #expect(lines(headers).last == "d: ")
    }

    @Test("a removed field is gone with its repetitions")
    func remove() {
        let headers = headers(("A", "1"), ("B", "2"), ("a", "3"))
        headers.remove("A")
        #expect(lines(headers) == ["B: 2"])
        headers.remove("A")
        headers.remove("b")
        #expect(headers.count == 0)
    }

    @Test("bytes that a value cannot have become spaces")
    func forbiddenBytes() {
        let headers = headers(("A", "1\r\nB: 2\0\u{7F}\t\u{1F}é"))
        #expect(lines(headers) == ["A: 1  B: 2  \t é"])
        headers.set("A", to: "\n")
        #expect(lines(headers) == ["A:  "])
    }

    @Test("a field's value can become another field's, however full the storage is")
    func ownValue() {
        for fill in 900...1030 {
            let headers = headers(("Original", "the value"))
            headers.append("Fill", String(repeating: "x", count: fill - headers.storage.count - 4))
            let value = headers["original"]!
            headers.append("Copy-With-A-Long-Name", value)
            headers.set("Fill", to: headers["original"]!)
            headers.set("Another-Copy-With-A-Longer-Name", to: headers["copy-with-a-long-name"]!)
            #expect(
                lines(headers) == [
                    "Original: the value", "Fill: the value", "Copy-With-A-Long-Name: the value",
                    "Another-Copy-With-A-Longer-Name: the value",
                ])
        }
    }

    @Test("values can come from another message")
    func otherMessage() {
        let (request, response) = (Request(), Response())
        request.headers.append("A", "1")
        response.headers.set("B", to: request.headers["A"]!)
        #expect(lines(response.headers) == ["B: 1"])
    }

    @Test("strings that are not stored contiguously are taken too")
    func substrings() {
        let text = "a long enough text to be on the heap: value"
        let headers = headers(("A", String(text.suffix(5))))
        #expect(headers["a"]! == "value")
    }

    @Test("fields that the engine knows are told apart when they are added")
    func identifiers() {
        let headers = headers(("HOST", "a"), ("X", "b"), ("content-length", "5"))
        #expect(headers.fields.map(\.id) == [.host, .other, .contentLength])
        #expect(headers.first(.contentLength)?.decimal == 5)
        #expect(headers.first(.via) == nil)
    }

    @Test("a reset message has nothing of the one before")
    func reset() {
        let request = Request()
        request.headers.append("A", "1")
        request.method = .post
        request.minorVersion = 0
        request.contentLength = nil
        request.queryRange = ByteRange(offset: 1, count: 1)
        request.replaceBody([1])
        request.reset()
        #expect(request.headers.count == 0)
        #expect(request.headers.storage.count == 0)
        #expect(request.method == .get)
        #expect(request.minorVersion == 1)
        #expect(request.contentLength == 0)
        #expect(request.query == nil)
        #expect(request.replacedBody == nil)
        #expect(request.path.isEmpty)

        let response = Response()
        response.headers.append("A", "1")
        response.status = 200
        response.contentLength = 5
        response.bodyWillChange()
        #expect(response.contentLength == nil)
        response.reset()
        #expect(response.headers.count == 0)
        #expect(response.status == 0)
        #expect(!response.bodyIsChanged)
    }
}
