// An answer is read as libcurl reads it, or more strictly where that is explained, and by the letter.

import Proxy

nonisolated(unsafe) private let comparison = AnswerComparison()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAnswers(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input = FuzzInput(start, count) else { return 0 }
    let answer = SpoiledAnswer(
        input.message, cuts: input.cuts, answersHead: input.option & 1 != 0,
        closes: input.option & 2 != 0)
    let isTogether = answer.closes && input.option & 4 != 0
    do {
        _ = try comparison.compare(answer, isTogether: isTogether)
    } catch {
        fatalError("\(error)")
    }
    return 0
}
