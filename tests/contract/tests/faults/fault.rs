//! What goes wrong, and how it is mended.

use std::time::Duration;

use choreo_test_brokers::{Network, Proxy, TestError};
use choreo_test_contract::TestBroker;

/// Something that happens to a broker or to the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Killed,
    Stopped,
    Restarted,
    Cut,
    Stalled,
    HalfOpen,
    Garbage,
    /// No fault for those who wait: everything has to work, later.
    Slow,
}

/// What a piece of a message waits for in a slow network.
const PAUSE: Duration = Duration::from_millis(15);

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::Killed,
        Self::Stopped,
        Self::Restarted,
        Self::Cut,
        Self::Stalled,
        Self::HalfOpen,
        Self::Garbage,
        Self::Slow,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Stopped => "stopped",
            Self::Restarted => "restarted",
            Self::Cut => "network_cut",
            Self::Stalled => "network_stalled",
            Self::HalfOpen => "network_half_open",
            Self::Garbage => "network_garbage",
            Self::Slow => "network_slow",
        }
    }

    /// What an error says of it, after the broker's address: one of these.
    pub(crate) fn causes(self) -> &'static [&'static str] {
        match self {
            Self::Killed | Self::Restarted | Self::Cut => &[" went away", " broke: "],
            Self::Stopped | Self::Stalled | Self::HalfOpen => {
                &[" did not answer", " does not answer"]
            }
            // Some clients wait for more of what they do not understand.
            Self::Garbage => &[" went away", " broke: ", " did not answer"],
            Self::Slow => &[],
        }
    }

    fn network(self) -> Option<Network> {
        match self {
            Self::Killed | Self::Stopped | Self::Restarted => None,
            Self::Cut => Some(Network::Cut),
            Self::Stalled => Some(Network::Stalled),
            Self::HalfOpen => Some(Network::HalfOpen),
            Self::Garbage => Some(Network::Garbage),
            Self::Slow => Some(Network::Slow(PAUSE)),
        }
    }

    /// Whether something lies between harness and broker.
    pub(crate) fn needs_proxy(self) -> bool {
        self.network().is_some()
    }

    /// Whether it lasts until it is mended.
    pub(crate) fn lasts(self) -> bool {
        self != Self::Restarted
    }

    pub(crate) fn strike<B: TestBroker>(
        self,
        broker: &mut B,
        proxy: Option<&Proxy>,
    ) -> Result<(), TestError> {
        match self {
            Self::Killed => broker.kill()?,
            Self::Stopped => broker.suspend()?,
            Self::Restarted => broker.restart()?,
            _ => set(proxy, self.network()),
        }
        Ok(())
    }

    pub(crate) fn mend<B: TestBroker>(
        self,
        broker: &mut B,
        proxy: Option<&Proxy>,
    ) -> Result<(), TestError> {
        match self {
            Self::Killed => broker.restart()?,
            Self::Stopped => broker.resume()?,
            Self::Restarted => {}
            _ => set(proxy, Some(Network::Up)),
        }
        Ok(())
    }
}

fn set(proxy: Option<&Proxy>, network: Option<Network>) {
    if let (Some(proxy), Some(network)) = (proxy, network) {
        proxy.set(network);
    }
}
