namespace LatentDb.Cli.Commands;

/// <summary>Prints the steps of the demo and remembers what was wrong.</summary>
internal sealed class DemoScript
{
    private readonly List<string> _wrong = [];
    private int _step;

    public void Say(string line) => Console.WriteLine($"{line}\n");

    public void Step(string verb, string what, string? result = null)
    {
        Console.WriteLine($"{++_step,3}  {verb,-10} {what}");
        if (result is not null) Console.WriteLine($"{string.Empty,16}{result}");
    }

    /// <summary>A question with the answer that it must get: the answer's first words, whatever follows.</summary>
    public void Check(string question, string answer, string expected, string result)
    {
        bool isRight = answer.StartsWith(expected, StringComparison.OrdinalIgnoreCase);
        Step("ask", $"{question} -> {answer}{(isRight ? "   (right)" : $"   (WRONG: expected {expected})")}", result);
        if (!isRight) _wrong.Add($"step {_step}: '{question}' was answered '{answer}' instead of '{expected}'");
    }

    /// <summary>The closing line and the exit code.</summary>
    public int Finish()
    {
        Console.WriteLine();
        if (_wrong.Count == 0)
        {
            Console.WriteLine("All answers are right: before the change, after it, after the rollback, and after kill -9 and restart.");
            return ExitCode.Ok;
        }

        foreach (string wrong in _wrong) Console.Error.WriteLine($"latentdb: demo failed at {wrong}.");
        return ExitCode.Refused;
    }
}
