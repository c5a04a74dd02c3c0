/// How the dashboard looks: light and dark, wide and on a phone.
enum DashboardStyle {
    static let text = colours + page + verdict + charts + tables + narrow

    private static let colours = #"""
        :root {
          color-scheme: light dark;
          --ground: #f4f6f8; --surface: #fff; --ink: #1c242d; --quiet: #566270; --line: #dce2e8;
          --link: #1f5fae;
          --well: #18794f; --attention: #8a5a00; --bad: #b3261e;
          --well-tint: #e6f4ed; --attention-tint: #fdf3dd; --bad-tint: #fdeae8;
          --s1xx: #a9b2bc; --s2xx: #5aa98f; --s3xx: #86a5d6; --s4xx: #e0a93f; --s5xx: #d1504a;
          --a: #d98a3d; --b: #8e7cc3; --c: #4f94b8; --d: #b76e8c; --e: #8a949e;
          --p50: #4f94b8; --p95: #7a68b3; --p99: #c2527a;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #10151a; --surface: #171e25; --ink: #e3e8ee; --quiet: #98a6b4;
            --line: #2a343f; --link: #82b4f0;
            --well: #5cc79b; --attention: #e5b35c; --bad: #f58b82;
            --well-tint: #14261f; --attention-tint: #2a2415; --bad-tint: #311d1d;
            --s1xx: #5d6873; --s2xx: #3f8f77; --s3xx: #5f80b5; --s4xx: #c8922f; --s5xx: #d4584f;
            --a: #cf8338; --b: #8674bd; --c: #4688ab; --d: #ac6482; --e: #6d7883;
            --p50: #5fa8cd; --p95: #9c8cd4; --p99: #dc7299;
          }
        }

        """#

    private static let page = #"""
        *, ::before, ::after { box-sizing: border-box; }
        [hidden] { display: none !important; }
        body {
          margin: 0 auto; padding: 0 1.25rem 2rem; max-width: 84rem;
          background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
          font-variant-numeric: tabular-nums; overflow-wrap: break-word;
        }
        h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
        h1 { font-size: 1.15rem; letter-spacing: .01em; }
        h2 { font-size: 1.05rem; margin-bottom: .6rem; }
        h3 { font-size: .95rem; margin: 1rem 0 .4rem; }
        a { color: var(--link); }
        code { font: .92em ui-monospace, "DejaVu Sans Mono", monospace; }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        .skip { position: absolute; left: -100rem; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--surface); padding: .3rem .6rem; }
        .unseen {
          position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
        }
        .quiet, .none, #process { color: var(--quiet); }
        header {
          display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem 1rem;
          padding: .9rem 0 .7rem;
        }
        #connection { margin-left: auto; color: var(--quiet); }
        #connection::before {
          content: ""; display: inline-block; width: .6rem; height: .6rem; margin-right: .45rem;
          border-radius: 50%; background: var(--quiet);
        }
        [data-state=live] #connection::before { background: var(--well); }
        [data-state=lost] #connection { color: var(--bad); font-weight: 600; }
        [data-state=lost] #connection::before { background: var(--bad); border-radius: 0; }
        /* What is not live does not look live. */
        [data-state=lost] main > :not(#verdict) { opacity: .4; filter: grayscale(1); }
        section, #token-form, .say {
          background: var(--surface); border: 1px solid var(--line); border-radius: .5rem;
          padding: .9rem 1.1rem; margin-bottom: .9rem; min-width: 0;
        }
        section:has(> dl) { background: none; border: 0; padding: 0; }
        .pair {
          display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 .9rem;
        }
        .pair.uneven { grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); }
        #figures {
          display: grid; gap: .9rem; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr));
        }
        #figures > div {
          background: var(--surface); border: 1px solid var(--line); border-radius: .5rem;
          padding: .65rem .9rem;
        }
        #figures dt { color: var(--quiet); font-size: .87rem; }
        #figures .value {
          font-size: 1.45rem; line-height: 1.25; font-weight: 600; white-space: nowrap;
        }
        #figures .value.is-attention { color: var(--attention); }
        #figures .value.is-bad { color: var(--bad); }
        #figures .note { color: var(--quiet); font-size: .87rem; white-space: pre-line; }
        #token-form { max-width: 30rem; }
        #token-form input { width: 100%; }
        input, button {
          font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet);
          border-radius: .3rem; padding: .35rem .6rem;
        }
        #token-form label { display: block; margin: .6rem 0 .2rem; }
        #token-form button { margin-top: .6rem; }
        [id$=-more] { margin-top: .6rem; font-size: .87rem; }
        footer { color: var(--quiet); font-size: .9rem; }
        footer button { font-size: .9em; padding: .1rem .5rem; margin-left: .5rem; }

        """#

    private static let verdict = #"""
        #verdict { border-left: .4rem solid var(--quiet); }
        #verdict h2 { font-size: 1.45rem; margin: 0; }
        #verdict[data-level=well], #verdict[data-level=note] {
          border-left-color: var(--well); background: var(--well-tint);
        }
        #verdict[data-level=attention] {
          border-left-color: var(--attention); background: var(--attention-tint);
        }
        #verdict[data-level=bad], #verdict[data-level=lost] {
          border-left-color: var(--bad); background: var(--bad-tint);
        }
        #verdict[data-level=well] h2, #verdict[data-level=note] h2 { color: var(--well); }
        #verdict[data-level=attention] h2 { color: var(--attention); }
        #verdict[data-level=bad] h2, #verdict[data-level=lost] h2 { color: var(--bad); }
        #findings { list-style: none; }
        #findings li { padding: .4rem 0 .1rem 1.6rem; position: relative; }
        #findings li::before { position: absolute; left: 0; font-weight: 700; }
        .level-note::before { content: "i"; color: var(--quiet); padding-left: .3rem; }
        .level-attention::before { content: "▲"; color: var(--attention); }
        .level-bad::before { content: "■"; color: var(--bad); }
        #findings a { color: inherit; font-weight: 600; }
        .level-note a { font-weight: 500 !important; }
        #findings .detail { color: var(--quiet); }

        """#

    private static let charts = #"""
        figcaption { display: flex; justify-content: space-between; gap: 1rem; }
        figcaption b { font-size: 1.05rem; }
        figcaption span { color: var(--quiet); font-size: .87rem; }
        .plot { position: relative; margin: .5rem 0 .2rem; }
        .plot svg { display: block; width: 100%; height: 9.5rem; cursor: crosshair; }
        .plot .band { fill: var(--attention); opacity: .13; }
        .bands::before {
          content: ""; display: inline-block; width: .75rem; height: .75rem; margin-right: .45rem;
          vertical-align: -.06rem; background: var(--attention); opacity: .3;
        }
        .plot .grid { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
        .plot .cursor { stroke: var(--ink); stroke-width: 1; vector-effect: non-scaling-stroke; }
        .plot .line {
          fill: none; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round;
          vector-effect: non-scaling-stroke;
        }
        .scale {
          position: absolute; left: 0; transform: translateY(-50%); color: var(--quiet);
          font-size: .75rem; background: var(--surface); padding-right: .3rem; line-height: 1;
          pointer-events: none;
        }
        .scale.top { transform: none; }
        .scale.bottom { transform: translateY(-100%); }
        .times {
          display: flex; justify-content: space-between; color: var(--quiet); font-size: .75rem;
        }
        .reading { color: var(--quiet); font-size: .87rem; min-height: 1.45em; display: block; }
        .legend { font-size: .87rem; width: auto; }
        .legend td, .legend th { padding: .1rem 1.3rem .1rem 0; border: 0; text-align: right; }
        .legend th:first-child { text-align: left; }
        .legend th { color: var(--quiet); font-weight: 400; }
        .legend tbody th { color: var(--ink); position: relative; padding-left: 1.2rem; }
        .key {
          display: inline-block; width: .75rem; height: .75rem; border-radius: .15rem;
          margin-right: .45rem; vertical-align: -.06rem;
        }
        .legend .key { position: absolute; left: 0; top: .35rem; }
        .s1xx { fill: var(--s1xx); background: var(--s1xx); }
        .s2xx { fill: var(--s2xx); background: var(--s2xx); }
        .s3xx { fill: var(--s3xx); background: var(--s3xx); }
        .s4xx { fill: var(--s4xx); background: var(--s4xx); }
        .s5xx { fill: var(--s5xx); background: var(--s5xx); }
        .a { fill: var(--a); background: var(--a); }
        .b { fill: var(--b); background: var(--b); }
        .c { fill: var(--c); background: var(--c); }
        .d { fill: var(--d); background: var(--d); }
        .e { fill: var(--e); background: var(--e); }
        .p50 { stroke: var(--p50); background: var(--p50); }
        .p95 { stroke: var(--p95); background: var(--p95); }
        .p99 { stroke: var(--p99); background: var(--p99); }
        .first { stroke: var(--e); background: var(--e); stroke-dasharray: 4 3; }
        .spark { display: block; width: 7rem; height: 1.6rem; border-bottom: 1px solid var(--line); }
        .spark path { fill: var(--s4xx); }
        .spark.failures path { fill: var(--s5xx); }

        """#

    private static let tables = #"""
        table { border-collapse: collapse; width: 100%; font-size: .9rem; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .9rem .4rem 0; }
        thead th { color: var(--quiet); font-weight: 500; font-size: .85rem; white-space: nowrap; }
        tbody td, tbody > tr > th { border-top: 1px solid var(--line); }
        tbody > tr > th { font-weight: 600; }
        td.number, th.number { text-align: right; }
        td ul { list-style: none; }
        td.identifier { font: .85em ui-monospace, "DejaVu Sans Mono", monospace; }
        .wide, .identifier { overflow-wrap: anywhere; }
        #targets th.wide { min-width: 12.5rem; }
        th .quiet { font-weight: 400; }
        tbody > tr > th.time { font-weight: 400; white-space: nowrap; }
        .mode {
          font-weight: 400; font-size: .8rem; color: var(--quiet); border: 1px solid var(--line);
          border-radius: .25rem; padding: 0 .35rem; white-space: nowrap;
        }
        .mode.observe { border: 1px dashed var(--quiet); color: var(--ink); }
        .is-well, .is-attention, .is-bad { font-weight: 600; }
        .is-well { color: var(--well); }
        .is-attention { color: var(--attention); }
        .is-bad { color: var(--bad); }
        .is-well::before { content: "●\00a0"; }
        .is-attention:not(.value)::before { content: "▲\00a0"; }
        .is-bad:not(.value)::before { content: "■\00a0"; }
        details { max-width: 26rem; }
        summary { cursor: pointer; color: var(--link); }
        .inside { color: var(--quiet); }

        """#

    /// Each row stands as a block of its own, with the columns' names beside its values.
    private static let narrow = #"""
        @media (max-width: 60rem) {
          .pair, .pair.uneven { grid-template-columns: minmax(0, 1fr); }
        }
        @media (max-width: 46rem) {
          body { padding: 0 .75rem 1.5rem; }
          section { padding: .75rem .8rem; }
          #connection { margin-left: 0; flex-basis: 100%; }
          #figures { grid-template-columns: 1fr 1fr; gap: .6rem; }
          #figures > div { padding: .5rem .65rem; }
          #figures .value { font-size: 1.25rem; }
          #verdict h2 { font-size: 1.3rem; }
          .legend td, .legend th { padding-right: .7rem; white-space: normal; }
          table:not(.legend), table:not(.legend) tbody, table:not(.legend) tr,
          table:not(.legend) tbody th, table:not(.legend) td { display: block; }
          table:not(.legend) thead {
            position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
          }
          table:not(.legend) tr { border-top: 1px solid var(--line); padding: .5rem 0; }
          table:not(.legend) tbody th, table:not(.legend) td {
            border: 0; padding: .08rem 0; text-align: left;
            display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: .5rem;
          }
          table:not(.legend) td::before, table:not(.legend) tbody th::before {
            content: attr(data-label); color: var(--quiet); font: 400 .85rem/1.6 system-ui;
          }
          #targets th.wide { min-width: 0; }
          table:not(.legend) td.is-empty { display: none; }
          /* What a request is, is seen without the columns' names. */
          table.requests tr { display: flex; flex-wrap: wrap; gap: 0 .7rem; }
          table.requests tbody th, table.requests tbody td { display: block !important; }
          table.requests tbody th::before, table.requests tbody td::before {
            content: none !important;
          }
          table.requests .request, table.requests .identifier { flex-basis: 100%; }
          table.requests .request, table.requests .why { font-weight: 600; }
          table.requests .identifier { color: var(--quiet); }
        }
        @media (prefers-reduced-motion: no-preference) {
          #verdict { transition: background-color .4s; }
        }
        """#
}
