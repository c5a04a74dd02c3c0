import Glibc
import PluginAPI
import Proxy
import Testing

@Suite("The Date field")
struct DateFieldTests {
    private func line(_ date: DateField) -> String {
        var buffer = ByteBuffer()
        date.append(to: &buffer)
        return String(decoding: buffer.readable, as: UTF8.self)
    }

    @Test(
        "dates are written as the RFC has them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00"), (784_111_777, "Sun, 06 Nov 1994 08:49:37"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00"), (951_868_799, "Tue, 29 Feb 2000 23:59:59"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00"),
            (1_704_067_199, "Sun, 31 Dec 2023 23:59:59"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00"), (-1, "Wed, 31 Dec 1969 23:59:59"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59"),
        ] as [(Int64, String)])
    func known(second: Int64, text: String) {
        #expect(
            line(DateField(WallTime(microseconds: second * 1_000_000))) == "Date: \(text) GMT\r\n")
    }

    @Test("it agrees with the C library on every day of 400 years")
    func everyDay() {
        var text = [CChar](repeating: 0, count: 64)
        var date = DateField()
        for day in 0..<146_097 {
            var seconds = time_t(day * 86400 + (day * 7919) % 86400)
            var parts = tm()
            gmtime_r(&seconds, &parts)
            let length = strftime(&text, text.count, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts)
            date.update(WallTime(microseconds: Int64(seconds) * 1_000_000 + 999_999))
            var buffer = ByteBuffer()
            date.append(to: &buffer)
            let matches = text.withUnsafeBytes {
                buffer.readable.elementsEqual($0.prefix(length))
            }
            guard matches else {
                Issue.record("\(line(date)) on day \(day)")
                return
            }
        }
    }

    @Test("the line changes with the second, and not before")
    func update() {
        var date = DateField(WallTime(microseconds: 0))
        date.update(WallTime(microseconds: 999_999))
        #expect(line(date) == "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n")
        date.update(WallTime(microseconds: 1_000_000))
        #expect(line(date) == "Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n")
        // The calendar's clock may be set back.
        date.update(WallTime(microseconds: 0))
        #expect(line(date) == "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n")
    }
}
