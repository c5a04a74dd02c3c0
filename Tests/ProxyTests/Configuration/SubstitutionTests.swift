import PluginAPI
import Testing

@testable import Proxy

@Suite("Replacing ${…}")
struct SubstitutionTests {
    private func substituted(_ json: String, folder: String = "/nowhere") throws -> (
        value: ConfigurationValue, errors: [String]
    ) {
        var substitution = Substitution(
            environment: ["A": "one", "B": "two", "EMPTY": "", "TRICKY": "${A}"], folder: folder)
        let value = substitution.apply(to: try #require(JSONReader.read(Array(json.utf8)).value))
        return (value, substitution.errors.issues.map(\.message))
    }

    @Test(
        "each reference is replaced once",
        arguments: [
            ("${A}", "one", true), ("<${A}-${B}>", "<one-two>", true), ("${EMPTY}", "", true),
            ("${TRICKY}", "${A}", true), ("$A {A} $", "$A {A} $", false),
            ("$${A}", "${A}", false), ("$$${A}", "$${A}", false), ("$${A}${A}", "${A}one", true),
            ("$${", "${", false),
        ])
    func text(written: String, read: String, isSubstituted: Bool) throws {
        let (value, errors) = try substituted(JSONValue.string(written).description)
        #expect(errors.isEmpty)
        #expect(value.string == read)
        #expect(value.isSubstituted == isSubstituted)
        #expect(value.written == (isSubstituted ? written : nil))
    }

    @Test("values are replaced wherever they stand, and keys are not")
    func places() throws {
        let (value, errors) = try substituted(#"{ "${A}": [1, "${A}", { "b": "${B}" }] }"#)
        #expect(errors.isEmpty)
        let list = try #require(value["${A}"]?.array)
        #expect(list[1].string == "one")
        #expect(list[2]["b"]?.string == "two")
        #expect(list[2]["b"]?.position == .init(line: 1, column: 30))
    }

    @Test(
        "what cannot be replaced is an error",
        arguments: [
            ("${C}", "the environment variable C is not set; did you mean A?"),
            ("${NOBODY}", "the environment variable NOBODY is not set"),
            ("${", #"expected "}" after "${", or "$${" for a literal "${""#),
            (
                "${A:-x}",
                #"expected ${NAME} or ${file:PATH}, found "${A:-x}"; write "$${" for a literal "${""#
            ),
            (
                "${}",
                #"expected ${NAME} or ${file:PATH}, found "${}"; write "$${" for a literal "${""#
            ),
            ("${file:}", #"the file "" cannot be read: Is a directory"#),
        ])
    func errors(written: String, message: String) throws {
        let folder = try TemporaryFolder()
        let (value, errors) = try substituted(
            JSONValue.string(written).description, folder: folder.path)
        #expect(errors == [message])
        #expect(value.string == nil, "nobody takes it for a value")
    }

    @Test("a file's content stands without the white space around it")
    func file() throws {
        let folder = try TemporaryFolder()
        try folder.write("key", "\n  sk-1 2\r\n\n")
        let absolute = try folder.write("other", "x")
        let (value, errors) = try substituted(
            #"["${file:key}", "${file:\#(absolute)}"]"#, folder: folder.path)
        #expect(errors.isEmpty)
        #expect(value.array?.map(\.string) == ["sk-1 2", "x"])
        #expect(value.array?[0].isSubstituted == true)
    }

    @Test("a file that is no text, or too long, is refused")
    func strangeFiles() throws {
        let folder = try TemporaryFolder()
        try folder.write("zero", "a\0b")
        try folder.write("long", String(repeating: "x", count: 1 << 20 + 1))
        let (_, errors) = try substituted(
            #"["${file:zero}", "${file:long}"]"#, folder: folder.path)
        #expect(
            errors == [
                #"expected text in UTF-8 in the file "zero""#,
                #"the file "long" cannot be read: it is longer than 1048576 bytes"#,
            ])
    }
}
