import Testing

@testable import PluginAPI

@Suite("URLs to send to")
struct HTTPURLTests {
    @Test(
        "a URL is read in its parts, and written in one way",
        arguments: [
            ("http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/traces"),
            ("HTTPS://Collector.Example:443/v1/traces", "https://collector.example/v1/traces"),
            ("http://a:80", "http://a/"), ("https://a?x=1", "https://a/?x=1"),
            ("http://[::1]:4318/p?x=/?#".dropLast().description, "http://[::1]:4318/p?x=/?"),
        ])
    func valid(written: String, canonical: String) {
        #expect(HTTPURL.reading(.string(written)) == "\"\(canonical)\"")
    }

    @Test("its parts are what a connection and a request line need")
    func parts() {
        let url = HTTPURL("https://[2001:DB8::1]/a/b?c=d")
        #expect(url?.isSecure == true)
        #expect(url?.host == "2001:db8::1")
        #expect(url?.port == 443)
        #expect(url?.target == "/a/b?c=d")
        #expect(url?.withoutQuery == "https://[2001:db8::1]/a/b")
    }

    @Test(
        "what is no URL, or more than one, is not read",
        arguments: [
            "", "a", "/a", "a:80", "http:/a", "http://", "http://:80/", "http://a:0/",
            "http://a:65536/", "http://a b/", "http://a/b c", "http://a/b\n", "http://a/#b",
            "http://user:secret@a/", "ftp://a/", "unix:/run/a", "http://a/\u{e4}",
        ])
    func invalid(written: String) {
        #expect(HTTPURL(written) == nil)
        #expect(HTTPURL.reading(.string(written)).hasPrefix("expected a URL such as"))
    }

    @Test("an error does not show a password")
    func secret() {
        #expect(!HTTPURL.reading("http://user:hunter2@a/").contains("hunter2"))
    }
}
