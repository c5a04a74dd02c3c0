import Testing

@testable import Proxy

@Suite("Giving memory back")
struct MemoryReturnTests {
    @Test("it is given back once after a burst, when it has become quiet")
    func burst() {
        let store = MetricsStore()
        let metrics = store.makeWorker()
        var times = 0
        var memory = MemoryReturn(store) { times += 1 }
        func looks(after requests: Int) -> Int {
            for _ in 0..<requests { metrics.requestsEnded.add() }
            memory.look()
            return times
        }
        #expect(looks(after: 5) == 0, "nothing has been taken")
        #expect(looks(after: 5000) == 0, "requests are being served")
        #expect(looks(after: 2000) == 0)
        #expect(looks(after: 5) == 1)
        #expect(looks(after: 5) == 1)
        #expect(looks(after: 5000) == 1)
        #expect(looks(after: 0) == 2)
    }
}
