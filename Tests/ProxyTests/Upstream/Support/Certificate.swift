import Foundation

/// A certificate that signs itself, made for these tests: who trusts it has it as its own authority.
final class Certificate: @unchecked Sendable {
    let certificateFile: String
    let keyFile: String
    private let folder: TemporaryFolder

    /// - Parameter name: such as `IP:127.0.0.1` or `DNS:localhost`.
    init(for name: String) throws {
        folder = try TemporaryFolder()
        certificateFile = folder.path + "/certificate.pem"
        keyFile = folder.path + "/key.pem"
        let output = folder.path + "/output"
        let openssl = try ChildProgram(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=sluice test",
                "-addext", "subjectAltName=\(name)", "-keyout", keyFile, "-out", certificateFile,
            ], package: "openssl", output: output)
        guard openssl.succeeds() else {
            let said = try String(contentsOfFile: output, encoding: .utf8)
            throw Failure("openssl made no certificate: \(said)")
        }
    }

    /// For 127.0.0.1.
    static let address = Result { try Certificate(for: "IP:127.0.0.1") }
    /// Nobody presents it.
    static let other = Result { try Certificate(for: "IP:127.0.0.1") }
}
