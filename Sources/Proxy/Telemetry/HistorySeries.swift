import PluginAPI

/// How one number has gone: what was counted in each second, or how it stood at each second's end.
final class HistorySeries {
    enum Kind: String {
        /// What has been added in each second.
        case counter
        /// How it stood at the end of each second; not a number where it was not read.
        case gauge
    }

    /// Its place among the history's, by which it is called after it has been described once.
    let number: Int
    let name: String
    let labels: [(String, String)]
    let kind: Kind
    /// How much of what it counts makes one.
    private let unit: Double
    private var values: ContiguousArray<Double>
    private var total: UInt64 = 0

    init(
        number: Int, _ kind: Kind, _ name: String, _ labels: [(String, String)], decimals: Int = 0
    ) {
        self.number = number
        self.kind = kind
        self.name = name
        self.labels = labels
        unit = (0..<decimals).reduce(1) { unit, _ in unit * 10 }
        values = ContiguousArray(
            repeating: kind == .counter ? 0 : .nan, count: History.capacity)
    }

    subscript(place: Int) -> Double { values[place] }

    /// Forgets what has stood there for as long as the history goes back.
    func clear(_ place: Int) { values[place] = kind == .counter ? 0 : .nan }

    /// - Parameter total: what has been counted since the process began.
    func count(_ total: UInt64, at place: Int) {
        guard total > self.total else { return }
        values[place] = Double(total - self.total) / unit
        self.total = total
    }

    func set(_ value: Double, at place: Int) { values[place] = value }

    /// Whether nothing happened at this place, so that it need not be told.
    func isEmpty(_ place: Int) -> Bool {
        kind == .counter ? values[place] == 0 : values[place].isNaN
    }

    var isEmpty: Bool { values.indices.allSatisfy(isEmpty) }
}
