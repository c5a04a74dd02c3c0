import PluginAPI
import Testing

@Suite("A field's name")
struct HeaderNameTests {
    @Test("a token is a name, anything else is not")
    func tokens() {
        #expect(HeaderName(String("X-Team"))?.string == "X-Team")
        for text in ["", " ", "a b", "a:", "a\r\n", "é", "a(", "a\0"] {
            #expect(HeaderName(text) == nil)
        }
    }

    @Test("a literal and a text of the same bytes are the same name")
    func literals() {
        let literal: HeaderName = "x-team"
        #expect(literal.string == "x-team")
        let headers = Headers()
        headers.append(literal, "1")
        #expect(headers[HeaderName(String("X-TEAM"))!]! == "1")
    }
}
