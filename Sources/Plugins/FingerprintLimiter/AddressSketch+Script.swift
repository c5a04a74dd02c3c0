extension AddressSketch {
    /// The same in Lua 5.1: `sketch_note`, `sketch_merge` and `sketch_lifetime`. Without Redis's bit
    /// operations, which know 32 bits and a sign.
    static let script = """
        local floor = math.floor

        local function sketch_turn(record, start, words, number)
            local passed = number - record[start]
            if passed == 0 or passed == -1 then return end
            for word = start + 3, start + 2 + words do
                record[word + words] = passed == 1 and record[word] or 0
                record[word] = 0
            end
            record[start + 2] = passed == 1 and record[start + 1] or 0
            record[start], record[start + 1] = number, 0
        end

        local function sketch_note(record, start, words, window, place, now)
            sketch_turn(record, start, words, floor(now / window))
            local before = record[start + 2]
            local word, bit = start + 3 + floor(place / 48), 2 ^ (place % 48)
            if floor(record[word] / bit) % 2 == 0 then
                record[word] = record[word] + bit
                record[start + 1] = record[start + 1] + 1
                if floor(record[word + words] / bit) % 2 == 0 then
                    record[start + 2] = record[start + 2] + 1
                end
            end
            return record[start + 2], record[start + 2] > before
        end

        local function sketch_lifetime(window, now)
            return (floor(now / window) + 2) * window - now
        end

        local function sketch_either(one, other)
            local word, count, bit = 0, 0, 1
            while one > 0 or other > 0 do
                if one % 2 + other % 2 > 0 then word, count = word + bit, count + 1 end
                one, other, bit = floor(one / 2), floor(other / 2), bit * 2
            end
            return word, count
        end

        local function sketch_merge(record, other, start, words)
            if other[start] > record[start] then
                sketch_turn(record, start, words, other[start])
            end
            local lag, this, either = record[start] - other[start], 0, 0
            local count, _
            for word = start + 3, start + 2 + words do
                local last = word + words
                record[word], count = sketch_either(record[word], lag == 0 and other[word] or 0)
                this = this + count
                record[last] = sketch_either(record[last],
                    lag == 0 and other[last] or lag == 1 and other[word] or 0)
                _, count = sketch_either(record[word], record[last])
                either = either + count
            end
            record[start + 1], record[start + 2] = this, either
        end
        """
}
