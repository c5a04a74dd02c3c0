/// The models that the list names. Any other name works too, unless it begins with `missing`.
enum Models {
    private static let names = ["gpt-4o", "gpt-4o-mini", "demo-large", "demo-small"]

    static var list: JSON {
        ["object": "list", "data": .array(names.map(model))]
    }

    static func named(_ name: String) throws(APIError) -> JSON {
        if name.hasPrefix("missing") { throw .unknownModel(name) }
        return model(name)
    }

    private static func model(_ name: String) -> JSON {
        [
            "id": .string(name), "object": "model", "created": 1_735_689_600,
            "owned_by": "demo-upstream",
        ]
    }
}
