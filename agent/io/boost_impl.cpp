// The only translation unit that compiles Asio and Beast themselves; everyone else links outrigger::boost.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
