"""What clients of our own processes on 127.0.0.1 share."""

import ssl

# Reading the list of authorities for each client took a tenth of the suite's processor time, and nothing here has TLS.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
