extension TextMeasure {
    /// About how many tokens the text is: so many thousandths of one for each character of a kind.
    ///
    /// The weights were fitted to what providers counted of completions, and to tokenizers of several of
    /// them; docs/plugins/cost-meter.md tells how far it is off.
    var estimatedTokens: Int {
        guard !isEmpty else { return 0 }
        let weighed =
            letters * 210 + spaces * 110 + max(0, digits) * 860 + marks * 600
            + twoBytes * 450 + threeBytes * 720 + fourBytes * 1400
        return max(1, (weighed + 500) / 1000)
    }
}
