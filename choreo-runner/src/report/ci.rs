//! The CI job that a run is, as far as its environment tells.

use choreo_report::model::Ci;

use super::Environment;

/// The job, if this is one of a server that we know.
pub(super) fn job(environment: Environment<'_>) -> Option<Ci> {
    let get = |name: &str| environment(name).filter(|value| !value.is_empty());
    let is = |name: &str| get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let number = |name: &str| get(name)?.parse::<u32>().ok();
    let mut ci;
    if is("GITHUB_ACTIONS") {
        ci = Ci::new("github");
        ci.run_id = get("GITHUB_RUN_ID");
        ci.job = get("GITHUB_JOB");
        ci.attempt = number("GITHUB_RUN_ATTEMPT");
        if let (Some(server), Some(repository), Some(run)) = (
            get("GITHUB_SERVER_URL"),
            get("GITHUB_REPOSITORY"),
            &ci.run_id,
        ) {
            let attempt = ci.attempt.unwrap_or(1);
            let url = format!("{server}/{repository}/actions/runs/{run}/attempts/{attempt}");
            ci.url = Some(url);
        }
    } else if is("GITLAB_CI") {
        ci = Ci::new("gitlab");
        ci.run_id = get("CI_PIPELINE_ID");
        ci.job = get("CI_JOB_NAME");
        ci.url = get("CI_JOB_URL");
    } else if is("BUILDKITE") {
        ci = Ci::new("buildkite");
        ci.run_id = get("BUILDKITE_BUILD_NUMBER");
        ci.job = get("BUILDKITE_LABEL").or_else(|| get("BUILDKITE_STEP_KEY"));
        // Retries are counted from 0.
        ci.attempt = number("BUILDKITE_RETRY_COUNT").map(|retries| retries.saturating_add(1));
        ci.url = match (get("BUILDKITE_BUILD_URL"), get("BUILDKITE_JOB_ID")) {
            (Some(url), Some(job)) => Some(format!("{url}#{job}")),
            (url, _) => url,
        };
    } else if is("CIRCLECI") {
        ci = Ci::new("circleci");
        ci.run_id = get("CIRCLE_WORKFLOW_ID").or_else(|| get("CIRCLE_BUILD_NUM"));
        ci.job = get("CIRCLE_JOB");
        ci.url = get("CIRCLE_BUILD_URL");
    } else if get("JENKINS_URL").is_some() {
        ci = Ci::new("jenkins");
        ci.run_id = get("BUILD_NUMBER");
        ci.job = get("JOB_NAME");
        ci.url = get("BUILD_URL");
    } else {
        return None;
    }
    Some(ci)
}

/// The commit and the branch that a CI server checked out; there it is mostly no branch, for git.
pub(super) fn checkout(environment: Environment<'_>) -> (Option<String>, Option<String>) {
    let first = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| environment(name));
        values.find(|value| !value.is_empty())
    };
    let sha = first(&[
        "GITHUB_SHA",
        "CI_COMMIT_SHA",
        "BUILDKITE_COMMIT",
        "CIRCLE_SHA1",
        "GIT_COMMIT",
    ]);
    let branch = first(&[
        // Of a pull request, whose ref is that of a merge.
        "GITHUB_HEAD_REF",
        "GITHUB_REF_NAME",
        "CI_COMMIT_REF_NAME",
        "BUILDKITE_BRANCH",
        "CIRCLE_BRANCH",
        "BRANCH_NAME",
        "GIT_BRANCH",
    ]);
    (sha, branch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    /// Variables, and the provider, address and attempt that follow from them.
    type Row = (
        &'static [(&'static str, &'static str)],
        &'static str,
        &'static str,
        Option<u32>,
    );

    #[test]
    fn each_server_says_where_its_job_is() {
        let table: [Row; 5] = [
            (
                &[
                    ("GITHUB_ACTIONS", "true"),
                    ("GITHUB_SERVER_URL", "https://github.com"),
                    ("GITHUB_REPOSITORY", "shop/orders"),
                    ("GITHUB_RUN_ID", "17"),
                    ("GITHUB_RUN_ATTEMPT", "2"),
                ],
                "github",
                "https://github.com/shop/orders/actions/runs/17/attempts/2",
                Some(2),
            ),
            (
                &[("GITLAB_CI", "true"), ("CI_JOB_URL", "https://gl/jobs/1")],
                "gitlab",
                "https://gl/jobs/1",
                None,
            ),
            (
                &[
                    ("BUILDKITE", "true"),
                    ("BUILDKITE_BUILD_URL", "https://bk/builds/1"),
                    ("BUILDKITE_JOB_ID", "a-b"),
                    ("BUILDKITE_RETRY_COUNT", "0"),
                ],
                "buildkite",
                "https://bk/builds/1#a-b",
                Some(1),
            ),
            (
                &[("CIRCLECI", "true"), ("CIRCLE_BUILD_URL", "https://cc/1")],
                "circleci",
                "https://cc/1",
                None,
            ),
            (
                &[("JENKINS_URL", "https://j/"), ("BUILD_URL", "https://j/1")],
                "jenkins",
                "https://j/1",
                None,
            ),
        ];
        for (variables, provider, url, attempt) in table {
            let ci = job(&with(variables)).expect("it is a job");
            assert_eq!(
                (ci.provider.as_str(), ci.url.as_deref(), ci.attempt),
                (provider, Some(url), attempt)
            );
        }
        assert_eq!(job(&with(&[("CI", "true"), ("GITHUB_ACTIONS", "")])), None);
    }

    #[test]
    fn a_pull_request_is_on_its_own_branch() {
        let variables = [
            ("GITHUB_REF_NAME", "5/merge"),
            ("GITHUB_HEAD_REF", "fix"),
            ("GITHUB_SHA", "abc"),
        ];
        assert_eq!(
            checkout(&with(&variables)),
            (Some("abc".to_owned()), Some("fix".to_owned()))
        );
        assert_eq!(checkout(&with(&[])), (None, None));
    }
}
