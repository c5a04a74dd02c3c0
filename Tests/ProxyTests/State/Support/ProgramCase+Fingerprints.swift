import PluginAPI
import Plugins

@testable import Proxy

extension ProgramCase {
    static let fingerprints = [
        fingerprint(.slidingWindow, windows: 1, distinctAddresses: 3),
        fingerprint(.slidingWindow, windows: 2, distinctAddresses: 20),
        fingerprint(.gcra, windows: 1, distinctAddresses: 10),
        fingerprint(.slidingWindow, windows: 1, distinctAddresses: 100),
    ]

    private static func fingerprint(
        _ algorithm: LimitAlgorithm, windows: Int, distinctAddresses: Int
    ) -> ProgramCase {
        let rates = [Rate(30, per: .minute), Rate(200, per: .hour)].prefix(windows)
        return ProgramCase(
            name: "fingerprint-limiter, \(algorithm.rawValue), \(distinctAddresses) addresses",
            program: FingerprintProgram(
                LimiterProgram(algorithm, windows: windows), distinctAddresses: distinctAddresses,
                window: .seconds(60))
        ) { random in
            let isBack = Int.random(in: 0..<10, using: &random) == 0
            let limiter = LimiterProgram.arguments(
                cost: isBack ? -1 : 1, isForced: isBack, Limits(Array(rates)))
            let place = Int.random(in: 0..<2 * distinctAddresses + 10, using: &random)
            // Mostly within a window, now and then into the next one or past it.
            let longest = [1000, 100_000, 1_000_000, 61_000_000, 200_000_000].randomElement(
                using: &random)!
            return (
                (0..<limiter.count).map { limiter[$0] } + [Double(place)],
                Double(Int.random(in: 0...longest, using: &random))
            )
        }
    }
}
