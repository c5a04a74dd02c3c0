/// The dashboard's script, in parts that stand together as one module.
enum DashboardScript {}

extension DashboardScript {
    /// Making and changing elements, and writing numbers for people. Whatever comes from outside gets into
    /// the page as text.
    static let basics = #"""
        const find = (id) => document.getElementById(id);
        const body = document.body;

        function make(tag, name, text) {
          const element = document.createElement(tag);
          if (name) element.className = name;
          if (text !== undefined) element.textContent = text;
          return element;
        }

        function say(element, text) {
          if (element.textContent !== text) element.textContent = text;
        }

        function show(element, isShown) {
          if (element.hidden === isShown) element.hidden = !isShown;
        }

        const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
        const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
        const money = (digits) => new Intl.NumberFormat("en", {
          style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: digits,
        });
        const [large, small] = [money(2), money(4)];
        const dollars = (amount) => (amount >= 1 ? large : small).format(amount);

        const rate = (value) => (value >= 100 ? whole : tenths).format(value);
        const share = (part, all) => (all > 0 ? `${tenths.format((100 * part) / all)} %` : "0 %");
        const count = (number, one, many) => `${whole.format(number)} ${number === 1 ? one : many}`;

        function duration(seconds) {
          if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
          if (seconds < 0.001) return `${whole.format(seconds * 1e6)} µs`;
          if (seconds < 0.01) return `${tenths.format(seconds * 1e3)} ms`;
          if (seconds < 1) return `${whole.format(seconds * 1e3)} ms`;
          return `${tenths.format(seconds)} s`;
        }

        function span(milliseconds) {
          const seconds = Math.max(0, Math.round(milliseconds / 1000));
          if (seconds < 120) return `${seconds} s`;
          if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
          if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
          return `${Math.floor(seconds / 86400)} days`;
        }

        const clock = (time) => new Date(time).toLocaleTimeString("en-GB");
        // Of the server's clock, so that a wrong one here makes no wrong age.
        const ago = (time) => span(latest.time - Date.parse(time));
        function since(time) {
          if (!time) return "";
          const age = latest.time - Date.parse(time);
          return `${clock(Date.parse(time))}, ${age >= 0 ? `${span(age)} ago` : `in ${span(-age)}`}`;
        }

        """#
}
