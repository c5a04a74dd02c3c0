import PathBlocker
import Plugins
import Proxy

Sluice.main(plugins: BuiltIn.plugins + [PathBlocker.self])
