import ActivityReport

/// Everything that there is to tell of a replay.
struct ReplayOutcome {
    let runningName: String
    let newName: String
    let kind: RequestReader.Kind?
    let running: Cast
    let new: Cast
    let tally: ReplayTally
    let skipped: SkippedLines
    /// Records of requests that never came to a chain.
    let neverInChain: Int
    /// Requests that were read too late to have their place in the order of time.
    let late: Int

    /// How far a plugin is not asked.
    enum Standing {
        /// What it found is in the records, and so is what it decided.
        case asRecorded
        /// The same, but it is set otherwise in the new configuration, which makes no difference here.
        case changed
        /// Only what it decided is in the records.
        case decisionsOnly
        /// It was not there when they were written.
        case unknown
    }

    /// The plugins that are not asked, in the order of the files.
    var notAsked: [(label: String, standing: Standing)] {
        let labels = running.replaced + new.replaced.filter { !running.replaced.contains($0) }
        return labels.map { label in
            guard let known = running.configuration.plugin(label) else { return (label, .unknown) }
            if let other = new.configuration.plugin(label),
                other.configuration != known.configuration
            {
                return (label, .changed)
            }
            let facts = running.recordedFacts[label] ?? []
            return (label, facts.isEmpty ? .decisionsOnly : .asRecorded)
        }
    }

    /// What plugins do not know that are asked.
    var gaps: [Cast.Gap] { running.gaps + new.gaps.filter { !running.gaps.contains($0) } }
}
