using System.CommandLine;
using LatentDb.Cli.Settings;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>eval: what a checkpoint remembers, measured over HTTP against any server.</summary>
internal static class Eval
{
    public static Command Create(CliSettings settings) => new("eval", "Measure what a model remembers: retention, updates, forgetting, isolation. Creates memories of its own and erases them.")
    {
        new RetentionVerb().Create(settings),
        new SquadRetentionVerb().Create(settings),
        new UpdateVerb().Create(settings),
        new FactVerb("forget", "A text that was rolled back or erased must be gone, token for token.", (data, score, _) => new Evaluation.Protocols.Forget(data, score)).Create(settings),
        new FactVerb("isolation", "What one memory is told, another must not know.", (data, score, _) => new Evaluation.Protocols.Isolation(data, score)).Create(settings),
        new FactVerb("copies", "A memory that was rolled back to, forked, exported and imported answers token for token as before.", (data, score, writes) => new Evaluation.Protocols.Copies(data, writes, score)).Create(settings),
        new LocomoVerb().Create(settings),
    };
}
