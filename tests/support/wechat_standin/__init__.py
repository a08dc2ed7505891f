"""A stand-in for WeChat's mini-program server API that behaves like the real one, errors included."""
