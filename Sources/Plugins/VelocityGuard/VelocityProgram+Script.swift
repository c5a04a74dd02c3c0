extension VelocityProgram {
    /// The same as `run` and `merge`, operation by operation, so that both compute the same doubles.
    var script: String {
        """
        local VERDICTS, PARTS = \(UpstreamVerdict.count), \(Self.parts)
        local HEALTHY_PARTS, HEALTHY_REQUESTS = \(Self.healthyParts), \(Self.healthyRequests)
        local UNTIL, STARTED, IS_ON, HAS_RECOVERED, CAUSE = 1, 2, 3, 4, 5
        local FIRST_PART = CAUSE + VERDICTS
        local PART_SIZE = 1 + VERDICTS
        local LAST = FIRST_PART + PARTS * PART_SIZE - 1

        local function part_place(number)
            return FIRST_PART + (number - math.floor(number / PARTS) * PARTS) * PART_SIZE
        end

        local function count(record, arguments, newest)
            local place = part_place(newest)
            if record[place] ~= newest then
                record[place] = newest
                for verdict = 1, VERDICTS do record[place + verdict] = 0 end
            end
            for verdict = 1, VERDICTS do
                record[place + verdict] = record[place + verdict] + arguments[verdict]
            end
        end

        local function no_counts()
            local counts = {}
            for verdict = 1, VERDICTS do counts[verdict] = 0 end
            return counts
        end

        local function add(record, number, counts)
            local place = part_place(number)
            if record[place] ~= number then return end
            for verdict = 1, VERDICTS do
                counts[verdict] = counts[verdict] + record[place + verdict]
            end
        end

        local function failures(counts)
            local sum = 0
            for verdict = 2, VERDICTS do sum = sum + counts[verdict] end
            return sum
        end

        local function total(counts) return failures(counts) + counts[1] end

        local function is_healthy(record, newest, part_length, minimum, recover_below, now)
            local started = record[STARTED]
            local counts = no_counts()
            for part = 0, PARTS - 1 do
                local number = newest - part
                add(record, number, counts)
                local beginning = math.max(number * part_length, started)
                if now - beginning >= HEALTHY_PARTS * part_length
                    and total(counts) >= HEALTHY_REQUESTS * minimum then
                    return failures(counts) / total(counts) < recover_below
                end
                if beginning == started then return false end
            end
            return false
        end

        local function forget_window(record)
            for place = FIRST_PART, LAST do record[place] = 0 end
        end

        local function run(record, arguments, now)
            local threshold = arguments[VERDICTS + 1]
            local recover_below = arguments[VERDICTS + 2]
            local minimum = arguments[VERDICTS + 3]
            local part_length = arguments[VERDICTS + 4]
            local cooldown = arguments[VERDICTS + 5]
            local hand_over = arguments[VERDICTS + 6]
            local newest = math.floor(now / part_length)
            local is_news = 0

            if record[IS_ON] == 1 then
                record[UNTIL] = math.min(record[UNTIL], now + cooldown)
                if now >= record[UNTIL] then
                    record[IS_ON] = 0
                    forget_window(record)
                    is_news = 1
                end
            end
            local changed = record[IS_ON] == 1 and record[STARTED] or record[UNTIL]
            if now < changed or now >= changed + hand_over then
                count(record, arguments, newest)
            end
            local window = no_counts()
            for part = 0, PARTS - 1 do add(record, newest - part, window) end
            if record[IS_ON] == 1 then
                if is_healthy(record, newest, part_length, minimum, recover_below, now) then
                    record[UNTIL] = now
                    record[HAS_RECOVERED] = 1
                    record[IS_ON] = 0
                    forget_window(record)
                    is_news = 1
                end
            elseif is_news == 0 and total(window) >= minimum
                and failures(window) / total(window) >= threshold then
                record[UNTIL] = now + cooldown
                record[STARTED] = now
                record[IS_ON] = 1
                record[HAS_RECOVERED] = 0
                for verdict = 1, VERDICTS do record[CAUSE + verdict - 1] = window[verdict] end
                forget_window(record)
                is_news = 1
            end

            local started, ending = record[STARTED], record[UNTIL]
            local mode = \(VelocityFinding.Mode.off.rawValue)
            if record[IS_ON] == 1 then
                mode = \(VelocityFinding.Mode.on.rawValue)
            elseif started ~= 0 then
                mode = record[HAS_RECOVERED] == 1 and \(VelocityFinding.Mode.recovered.rawValue)
                    or \(VelocityFinding.Mode.cooledDown.rawValue)
            end
            local remaining, lasted = 0, ending - started
            if record[IS_ON] == 1 then
                remaining = ending - now
                lasted = now - started
            end
            local words = { mode, is_news, started, remaining, lasted }
            for verdict = 1, VERDICTS do words[5 + verdict] = window[verdict] end
            for verdict = 1, VERDICTS do
                words[5 + VERDICTS + verdict] = record[CAUSE + verdict - 1]
            end
            return 1, PARTS * part_length + math.max(0, ending - now), words
        end

        local function merge(record, other)
            for place = 1, FIRST_PART - 1 do
                if record[place] ~= other[place] then
                    if record[place] < other[place] then
                        for header = 1, FIRST_PART - 1 do record[header] = other[header] end
                    end
                    break
                end
            end
            for part = FIRST_PART, LAST, PART_SIZE do
                if other[part] > record[part] then
                    for place = part, part + PART_SIZE - 1 do record[place] = other[place] end
                elseif other[part] == record[part] then
                    for place = part, part + PART_SIZE - 1 do
                        record[place] = math.max(record[place], other[place])
                    end
                end
            end
        end
        """
    }
}
