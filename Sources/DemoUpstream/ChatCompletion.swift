import FoundationEssentials

/// The answer to a chat request, as one JSON object or as a stream's events.
struct ChatCompletion {
    let request: ChatRequest
    let reply: ChatReply
    private let id: String
    private let created: Int

    init(_ request: ChatRequest, _ knobs: Knobs) {
        self.request = request
        id = String(UInt64.random(in: .min ... .max), radix: 36)
        created = Int(Date().timeIntervalSince1970)
        reply = ChatReply(to: request, chunks: knobs.chunks, id: id)
    }

    var plain: JSON {
        let message: JSON =
            switch reply.content {
            case .text:
                ["role": "assistant", "content": .string(reply.pieces.joined()), "refusal": .null]
            case .toolCall(let id, let name, let arguments):
                [
                    "role": "assistant", "content": .null, "refusal": .null,
                    "tool_calls": [
                        [
                            "id": .string(id), "type": "function",
                            "function": ["name": .string(name), "arguments": .string(arguments)],
                        ]
                    ],
                ]
            }
        return object(
            "chat.completion",
            choices: [
                [
                    "index": 0, "message": message, "logprobs": .null,
                    "finish_reason": .string(reply.finishReason),
                ]
            ],
            usage: usage)
    }

    /// The stream's events. When the stream is to be dropped after fewer pieces than it has, the events end
    /// there and `isCutShort` is true.
    func events(abortAfter: Int?) -> (events: some Sequence<String>, isCutShort: Bool) {
        let pieces = reply.pieces
        let sentPieces = Swift.min(abortAfter ?? .max, pieces.count)
        let isCutShort = abortAfter.map { $0 <= pieces.count } ?? false

        var tail: [JSON] = []
        if !isCutShort {
            tail.append(chunk(delta: [:], finishReason: .string(reply.finishReason)))
            if request.wantsUsage {
                tail.append(object("chat.completion.chunk", choices: [], usage: usage))
            }
        }
        let texts = [
            AnySequence(CollectionOfOne(opening.text)),
            AnySequence((0..<sentPieces).lazy.map { chunk(delta: delta(pieces[$0])).text }),
            AnySequence(tail.map(\.text) + (isCutShort ? [] : ["[DONE]"])),
        ]
        return (texts.lazy.joined().map { "data: \($0)\n\n" }, isCutShort)
    }

    private var opening: JSON {
        switch reply.content {
        case .text:
            chunk(delta: ["role": "assistant", "content": "", "refusal": .null])
        case .toolCall(let id, let name, _):
            chunk(delta: [
                "role": "assistant", "content": .null,
                "tool_calls": [
                    [
                        "index": 0, "id": .string(id), "type": "function",
                        "function": ["name": .string(name), "arguments": ""],
                    ]
                ],
            ])
        }
    }

    private func delta(_ piece: String) -> JSON {
        switch reply.content {
        case .text:
            ["content": .string(piece)]
        case .toolCall:
            ["tool_calls": [["index": 0, "function": ["arguments": .string(piece)]]]]
        }
    }

    private func chunk(delta: JSON, finishReason: JSON = .null) -> JSON {
        object(
            "chat.completion.chunk",
            choices: [
                ["index": 0, "delta": delta, "logprobs": .null, "finish_reason": finishReason]
            ],
            // With include_usage every chunk has the member, null in all but the last one.
            usage: request.wantsUsage ? .null : nil)
    }

    private func object(_ kind: String, choices: JSON, usage: JSON?) -> JSON {
        var members: [JSON.Member] = [
            .init(name: "id", value: .string("chatcmpl-" + id)),
            .init(name: "object", value: .string(kind)),
            .init(name: "created", value: .integer(created)),
            .init(name: "model", value: .string(request.model)),
            .init(name: "choices", value: choices),
            .init(name: "system_fingerprint", value: "fp_demo"),
        ]
        if let usage { members.append(.init(name: "usage", value: usage)) }
        return .object(members)
    }

    private var usage: JSON {
        [
            "prompt_tokens": .integer(request.promptTokens),
            "completion_tokens": .integer(reply.pieces.count),
            "total_tokens": .integer(request.promptTokens + reply.pieces.count),
            "prompt_tokens_details": ["cached_tokens": 0],
            "completion_tokens_details": ["reasoning_tokens": 0],
        ]
    }
}
