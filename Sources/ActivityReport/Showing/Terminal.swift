import Glibc

/// Where the output is read.
package struct Terminal: Sendable {
    /// Columns of a line.
    package let width: Int
    package let isColoured: Bool
    /// Whether lines that are longer than `width` are cut.
    package let isTerminal: Bool

    package init(width: Int, isColoured: Bool = false, isTerminal: Bool = false) {
        self.width = max(width, 20)
        self.isColoured = isColoured
        self.isTerminal = isTerminal
    }

    /// That of standard output. `COLUMNS` is its width where it is set, and `NO_COLOR` (no-color.org)
    /// or `TERM=dumb` keeps colours away.
    package init(environment: [String: String]) {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var size = winsize()
        let isKnown = isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        let columns = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        self.init(
            width: columns ?? (isKnown && size.ws_col > 0 ? Int(size.ws_col) : 80),
            isColoured: isTerminal && environment["NO_COLOR"] ?? "" == ""
                && environment["TERM"] != "dumb",
            isTerminal: isTerminal)
    }

    package enum Style: String {
        case bold = "1"
        case red = "31"
        case yellow = "33"
        case dim = "2"
    }

    /// The text in that style, where there are colours.
    package func styled(_ text: String, _ style: Style) -> String {
        isColoured ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}
