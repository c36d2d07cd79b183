using LatentDb.Cli.Output;

namespace LatentDb.Cli.Commands.Demos;

/// <summary>Prints the steps of the demo and remembers what was wrong.</summary>
internal sealed class DemoScript(AnswerWriter output)
{
    private readonly List<string> _wrong = [];
    private int _step;

    public void Say(string line)
    {
        if (!output.IsJson) Console.WriteLine($"{line}\n");
    }

    public void Step(string verb, string what, string? result = null) => Print(verb, what, result, isRight: null);

    /// <summary>A question with the answer that it must get: the answer's first words, whatever follows.</summary>
    public void Check(string question, string answer, string expected, string result)
    {
        bool isRight = answer.StartsWith(expected, StringComparison.OrdinalIgnoreCase);
        Print("ask", $"{question} -> {answer}{(isRight ? "   (right)" : $"   (WRONG: expected {expected})")}", result, isRight);
        if (!isRight) _wrong.Add($"step {_step}: '{question}' was answered '{answer}' instead of '{expected}'");
    }

    /// <summary>The closing line and the exit code.</summary>
    public int Finish()
    {
        if (_wrong.Count == 0)
        {
            Say("\nAll answers are right: before the change, after it, after the rollback, and after kill -9 and restart.");
            return ExitCode.Ok;
        }

        foreach (string wrong in _wrong) Console.Error.WriteLine($"latentdb: demo failed at {wrong}.");
        return ExitCode.Refused;
    }

    private void Print(string verb, string what, string? result, bool? isRight)
    {
        output.WriteLine(new { step = ++_step, verb, what, result, isRight }, $"{_step,3}  {verb,-10} {what}");
        if (result is not null && !output.IsJson) Console.WriteLine($"{string.Empty,16}{result}");
    }
}
