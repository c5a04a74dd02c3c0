/// Who is told whether the server can be asked. On the loop's thread, once per change.
package protocol RedisConnectionDelegate: AnyObject {
    /// Connected, authenticated, database selected, scripts loaded: all proven by the server's answers.
    func redisIsReady(_ connection: RedisConnection)

    /// The server cannot be asked, and is tried again in the background.
    /// - Parameter why: for people: the server and what happened, never a secret.
    func redisIsAway(_ connection: RedisConnection, _ why: String)

    /// It has been tried again, and cannot be asked for another reason than was told last.
    func redisIsStillAway(_ connection: RedisConnection, _ why: String)
}

extension RedisConnectionDelegate {
    package func redisIsStillAway(_ connection: RedisConnection, _ why: String) {}
}
