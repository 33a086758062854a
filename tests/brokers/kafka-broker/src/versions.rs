//! Which versions of its requests the broker offers.
//!
//! From Fetch 12 and Produce 10 on an answer may say who leads a partition now. About a topic that it has
//! forgotten Tansu 0.6.0 says that without the topic's name, and librdkafka 2.12 crashes on it. Below, no
//! answer has room for it.

use rama::{Context, Service};
use tansu_sans_io::{ApiKey as _, Body, FetchRequest, Frame, ProduceRequest};

/// The highest versions that are offered.
const HIGHEST: [(i16, i16); 2] = [(ProduceRequest::KEY, 9), (FetchRequest::KEY, 11)];

/// A service whose answer to the question for its versions is capped at [`HIGHEST`].
#[derive(Clone, Debug)]
pub(crate) struct Capped<S>(pub(crate) S);

impl<S, State> Service<State, Frame> for Capped<S>
where
    S: Service<State, Frame, Response = Frame>,
    State: Clone + Send + Sync + 'static,
{
    type Response = Frame;
    type Error = S::Error;

    async fn serve(&self, context: Context<State>, request: Frame) -> Result<Frame, S::Error> {
        let mut answer = self.0.serve(context, request).await?;
        if let Body::ApiVersionsResponse(versions) = &mut answer.body {
            for offered in versions.api_keys.iter_mut().flatten() {
                if let Some((_, highest)) = HIGHEST.iter().find(|(key, _)| *key == offered.api_key)
                {
                    offered.max_version = offered.max_version.min(*highest);
                }
            }
        }
        Ok(answer)
    }
}
