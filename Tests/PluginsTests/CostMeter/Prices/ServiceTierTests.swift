import Testing

@testable import Plugins

@Suite("A service tier")
struct ServiceTierTests {
    @Test(
        "is read in each provider's words",
        arguments: [
            ("default", .standard), ("standard", .standard), ("on_demand", .standard),
            ("priority", .priority), ("flex", .flex), ("batch", .batch),
            ("ultrafast", .ultrafast), ("quick", nil), ("", nil), ("Flex", nil),
        ] as [(String, ServiceTier?)])
    func words(word: String, tier: ServiceTier?) {
        #expect(ServiceTier(reported: word) == tier)
    }
}
