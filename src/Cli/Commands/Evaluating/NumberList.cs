using System.Globalization;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>Numbers separated by commas, rising.</summary>
internal static class NumberList
{
    /// <exception cref="UsageException">Not rising whole numbers from 0 to a million.</exception>
    public static int[] Parse(string text, string option)
    {
        string[] parts = text.Split(',');
        int[] numbers = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            bool isNumber = int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]);
            if (!isNumber || numbers[i] > 1_000_000 || (i > 0 && numbers[i] <= numbers[i - 1])) throw new UsageException($"{option} needs rising whole numbers such as 0,1,2,4,8; '{text}' is none.");
        }

        return numbers;
    }
}
