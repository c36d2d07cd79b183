namespace LatentDb.Cli.Commands.Demos;

/// <summary>What the demo tells and asks. Adapt it here to what the served model knows to say.</summary>
internal static class DemoStory
{
    public const string Memory = "demo";

    public const string Facts = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";

    public const string Change = "Maria moved to Oslo.";

    public const string Question = "Where does Maria live?";

    public const string Before = "Lisbon";

    public const string After = "Oslo";

    public const string Snapshot = "before-the-move";

    public const int MaxTokens = 8;
}
