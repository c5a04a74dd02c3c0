import Proxy
