import Foundation

/// Compares the readings of so many answers, and tells which differences there are.
///
///     compare-answers [FIRST-SEED] [COUNT] [MOST-UNEXPLAINED]
@main
struct CompareAnswers {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
        let first = numbers.first ?? 0
        let count = numbers.count > 1 ? numbers[1] : 100_000
        let most = numbers.count > 2 ? numbers[2] : 1
        let comparison = AnswerComparison()
        var answer = SpoiledAnswer()
        var differences: [AnswerDifference: Int] = [:]
        var unexplained = 0
        let start = Date()
        for seed in first..<first + count {
            answer.make(seed: seed)
            do {
                let isTogether = answer.closes && !answer.bytes.isEmpty && seed & 1 == 0
                if let difference = try comparison.compare(answer, isTogether: isTogether) {
                    differences[difference, default: 0] += 1
                }
            } catch {
                tell("seed \(seed): \(error)")
                unexplained += 1
                if unexplained >= most { break }
            }
            if (seed - first + 1) % 100_000 == 0 {
                tell("\(seed - first + 1) answers in \(Int(Date().timeIntervalSince(start))) s")
            }
        }
        for (difference, count) in differences.sorted(by: { $0.value > $1.value }) {
            tell("\(count)\t\(difference.name)")
        }
        tell(
            "seeds \(first) to \(first + count - 1): \(unexplained) unexplained differences, "
                + "\(Int(Date().timeIntervalSince(start))) s")
        exit(unexplained == 0 ? 0 : 1)
    }

    /// At once, for who looks at the log of a long run.
    private static func tell(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
