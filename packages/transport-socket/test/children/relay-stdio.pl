# Carries bytes between its standard streams and the socket that its argument names, and ends with either.
#
# Perl starts eight times as fast as Node, and the suites start a child for every link.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Socket qw(PF_UNIX SOCK_STREAM SHUT_WR pack_sockaddr_un);

# A pipe that nobody reads any more is an error of the write, not the end of this process.
$SIG{PIPE} = 'IGNORE';
socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or exit 1;
connect($socket, pack_sockaddr_un($ARGV[0])) or exit 1;
for my $stream (\*STDIN, \*STDOUT, $socket) {
  fcntl($stream, F_SETFL, fcntl($stream, F_GETFL, 0) | O_NONBLOCK) or exit 1;
}

my @ways = (
  { from => \*STDIN, to => $socket, kept => '', end => sub { shutdown($socket, SHUT_WR) } },
  { from => $socket, to => \*STDOUT, kept => '', end => sub { close(STDOUT) } },
);

# What one way has read it writes before it reads on: whoever does not read stops whoever writes.
while (my @open = grep { !$_->{over} } @ways) {
  my ($readable, $writable) = ('', '');
  for my $way (@open) {
    if ($way->{kept} eq '') { vec($readable, fileno($way->{from}), 1) = 1 }
    else { vec($writable, fileno($way->{to}), 1) = 1 }
  }
  if (select($readable, $writable, undef, undef) < 0) {
    next if $! == EINTR;
    exit 1;
  }
  for my $way (@open) {
    if ($way->{kept} eq '') { take($way) if vec($readable, fileno($way->{from}), 1) }
    elsif (vec($writable, fileno($way->{to}), 1)) { give($way) }
  }
}
exit 0;

sub take {
  my ($way) = @_;
  my $count = sysread($way->{from}, $way->{kept}, 65_536);
  return failed() if !defined $count;
  return if $count > 0;
  $way->{over} = 1;
  $way->{end}->();
}

sub give {
  my ($way) = @_;
  my $count = syswrite($way->{to}, $way->{kept});
  return failed() if !defined $count;
  substr($way->{kept}, 0, $count, '');
}

# A break on one side is a break on the other.
sub failed {
  exit 1 if $! != EAGAIN && $! != EINTR;
}
